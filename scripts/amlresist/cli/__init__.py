"""One thin module per subcommand: open files, call one library function, write whole files."""
