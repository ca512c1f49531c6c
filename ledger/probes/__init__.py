"""What watches the machine from outside: requests told in the log files and counted, health, readiness, metrics."""
