"""The only room where torch lives: recipe, network, loader, one readable loop, export."""
