/** The text of a live event: JSON that ends just before its number, which differs from client to client. */

/** To whom Mattermost's clients take an event to be; the rest of it is theirs. */
export interface Broadcast {
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

/** JSON up to and including `"seq":`; the number and a brace complete it. */
export function textOf(event: string, data: object, broadcast: Partial<Broadcast>): string {
  const whole = JSON.stringify({ event, data, broadcast: { ...NOBODY, ...broadcast } })
  return `${whole.slice(0, -1)},"seq":`
}
