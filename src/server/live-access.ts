/** Who may what has changed: streams that may not go on as they are end at once, and their clients begin anew. */
import type { EdgeNode, NodeEvent } from '#app/node.ts'
import type { RolePicture } from '#app/policy-types.ts'
import type { UserId } from '#base/ids.ts'
import type { LiveHub } from './live-hub.ts'
import { textOf, type Announcement } from './live-text.ts'
import type { MembersHere } from './members-here.ts'
import { rolesFrom } from './rest/permissions.ts'

/** What is looked at, and what is ended. */
export interface AccessPorts {
  readonly node: Pick<EdgeNode, 'membershipsOf'>
  readonly hub: Pick<LiveHub, 'endPerson' | 'endOutdated'>
  readonly members: Pick<MembersHere, 'all' | 'channelsOf'>
}

/**
 * Ends what has to end after a part of the policy has changed, or what `person` is. Whoever lost something is out before this
 * returns; whoever gained something hears of it a little later.
 */
export function endOutdated(ports: AccessPorts, person: UserId | undefined): void {
  const { hub, members } = ports
  if (person !== undefined) hub.endPerson(person)
  hub.endOutdated()
  for (const one of members.all()) void endGained(ports, one)
}

/** Whoever may hear of more begins anew; when that cannot be read now, their next stream has it. */
async function endGained({ node, hub, members }: AccessPorts, person: UserId): Promise<void> {
  const known = members.channelsOf(person)
  const [memberships] = await Promise.allSettled([node.membershipsOf(person)])
  if (memberships.status === 'rejected') return
  if (memberships.value.some(({ channel }) => !known.has(channel))) hub.endPerson(person)
}

/** Clients ask for roles and channels again; who lost something begins a new stream (`endOutdated`). */
export function accessChanged(
  { part }: Extract<NodeEvent, { kind: 'access-changed' }>,
  context: { readonly roles: () => readonly RolePicture[] },
): readonly Announcement[] {
  if (part.about === 'role')
    return rolesFrom(context.roles())
      .filter((role) => role.is === part.role)
      .map(({ json }) => {
        const text = textOf('role_updated', { role: JSON.stringify(json) }, {})
        return { to: { kind: 'everybody' }, text }
      })
  if (part.about !== 'moderation') return []
  const to = { kind: 'channel', channel: part.channel } as const
  const broadcast = { channel_id: part.channel }
  const data = { channel_id: part.channel }
  return [{ to, text: textOf('channel_scheme_updated', data, broadcast) }]
}
