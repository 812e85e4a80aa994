"""Reference station: genome, gene models and transcripts that every other station reads."""
