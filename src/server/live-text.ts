/** An event of the WebSocket before it has its number, and who hears of it. */
import type { ChannelId, UserId } from '#base/ids.ts'

/** Who hears of it. */
export type Audience =
  | { readonly kind: 'channel'; readonly channel: ChannelId; readonly except?: UserId }
  /** `of`: it tells of this channel, which they may not read in all circumstances. */
  | { readonly kind: 'person'; readonly person: UserId; readonly of?: ChannelId }
  /** `about`: it names this person, whom not everybody may know of. */
  | { readonly kind: 'everybody'; readonly about?: UserId }

/** One event and who hears of it. */
export interface Announcement {
  readonly to: Audience
  /** JSON up to and including `"seq":`; the number and a brace complete it. */
  readonly text: string
}

/** To whom Mattermost's clients take an event to be; the rest of it is theirs. */
interface Broadcast {
  readonly omit_users: Readonly<Record<string, true>> | null
  readonly user_id: string
  readonly channel_id: string
  readonly team_id: string
  readonly connection_id: string
  readonly omit_connection_id: string
}

const NOBODY: Broadcast = {
  omit_users: null,
  user_id: '',
  channel_id: '',
  team_id: '',
  connection_id: '',
  omit_connection_id: '',
}

/** For one person. */
export function toPerson(person: UserId, name: string, data: object): Announcement {
  return { to: { kind: 'person', person }, text: textOf(name, data, { user_id: person }) }
}

/** JSON up to and including `"seq":`; the number and a brace complete it. */
export function textOf(event: string, data: object, broadcast: Partial<Broadcast>): string {
  const whole = JSON.stringify({ event, data, broadcast: { ...NOBODY, ...broadcast } })
  return `${whole.slice(0, -1)},"seq":`
}
