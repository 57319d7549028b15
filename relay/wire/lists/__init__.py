"""Lists of networks that are written out here, each with its source and date; NOTICE says whose they are."""
