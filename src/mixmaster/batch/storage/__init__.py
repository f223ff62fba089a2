"""Songs and outputs in stores: addresses, objects, claims, local copies."""
