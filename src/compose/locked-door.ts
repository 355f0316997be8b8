/** The door of a locked node, for the command that waits behind it. */
import { openLockedDoor as open, type LockedDoor, type LockedOptions } from '#server/locked.ts'
import type { World } from './world.ts'

/** Opens it. @throws EdgeError PORT_IN_USE */
export function openLockedDoor(
  options: LockedOptions,
  ports: World & { readonly unlock: (passphrase: string) => Promise<boolean> },
): Promise<LockedDoor> {
  return open(options, ports)
}
