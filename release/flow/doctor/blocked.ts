// Why a check could not be made at all.

/** What the check needs is not there; another check says so itself. */
export class Blocked extends Error {}
