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
  readonly node: Pick<EdgeNode, 'hearable'>
  readonly hub: Pick<LiveHub, 'endPerson' | 'endOutdated'>
  readonly members: Pick<MembersHere, 'all' | 'channelsOf'>
}

/** Ends what has to end after a part of the policy has changed, or what `person` is: who hears of less now, or of more. */
export function endOutdated({ node, hub, members }: AccessPorts, person: UserId | undefined): void {
  if (person !== undefined) hub.endPerson(person)
  hub.endOutdated()
  for (const one of members.all()) {
    const known = members.channelsOf(one)
    if (node.hearable(one).some((channel) => !known.has(channel))) hub.endPerson(one)
  }
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
