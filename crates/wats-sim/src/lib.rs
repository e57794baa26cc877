//! wats-sim.
