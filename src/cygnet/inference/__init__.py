"""Run an exported model with ONNX Runtime. No torch."""
