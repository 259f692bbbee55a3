//! A simulated bank behind four servers that speak the four real wires.
