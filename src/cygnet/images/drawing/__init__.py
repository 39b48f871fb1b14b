"""Which pixels does a described lesion have? Drawn from colours and shapes, never from a label."""

from cygnet.images.drawing.appearance import LesionAppearance, LesionForm, Skin, View
from cygnet.images.drawing.picture import draw_lesion

__all__ = ["LesionAppearance", "LesionForm", "Skin", "View", "draw_lesion"]
