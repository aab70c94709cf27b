"""What things are: tables and values, with their Chinese labels. No I/O, no clock."""
