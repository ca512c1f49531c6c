"""Reports of what outputs earned: files of services, read line by line into exact amounts."""
