"""Reading BLURB's files, as its own scripts write them, into the records that task shapes know."""
