//! Places where no value can be made safe.
