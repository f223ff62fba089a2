"""Masters as they will be heard: at places, behind codecs, on systems."""
