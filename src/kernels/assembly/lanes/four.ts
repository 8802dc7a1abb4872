/** Whether pairs of neighbouring vectors may be taken for one of eight lanes: not in this build. */
// @ts-ignore: decorator
@global @inline
const EIGHT_LANES: bool = false
