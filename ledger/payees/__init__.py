"""What a payee opens by a link: its statements of one payer, to read, keep, check and object to."""
