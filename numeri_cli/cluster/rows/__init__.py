"""One member over many machines, each of which holds some of the eras."""
