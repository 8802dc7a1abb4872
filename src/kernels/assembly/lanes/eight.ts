/** Pairs of neighbouring vectors are taken for one of eight lanes: for hosts that join them. */
// @ts-ignore: decorator
@global @inline
const EIGHT_LANES: bool = true
