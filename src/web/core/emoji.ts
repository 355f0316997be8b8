/** Reactions: the names that Mattermost clients write, and the characters people see. */

/** Offered first, in this order. */
export const QUICK = ['+1', 'white_check_mark', 'eyes', 'heart', 'pray', 'warning'] as const

const CHARACTERS: Readonly<Record<string, string>> = {
  '+1': '👍',
  '-1': '👎',
  white_check_mark: '✅',
  heavy_check_mark: '✔️',
  x: '❌',
  eyes: '👀',
  heart: '❤️',
  pray: '🙏',
  warning: '⚠️',
  clap: '👏',
  tada: '🎉',
  fire: '🔥',
  rocket: '🚀',
  question: '❓',
  exclamation: '❗',
  wave: '👋',
  ok_hand: '👌',
  muscle: '💪',
  smile: '😄',
  grinning: '😀',
  joy: '😂',
  thinking: '🤔',
  thinking_face: '🤔',
  cry: '😢',
  sob: '😭',
  scream: '😱',
  ambulance: '🚑',
  helicopter: '🚁',
  truck: '🚚',
  hospital: '🏥',
  droplet: '💧',
  battery: '🔋',
  radio: '📻',
  satellite: '🛰️',
  telephone_receiver: '📞',
  round_pushpin: '📍',
  hourglass: '⌛',
  zzz: '💤',
  '100': '💯',
  red_circle: '🔴',
  large_blue_circle: '🔵',
  green_circle: '🟢',
  yellow_circle: '🟡',
}

/** All names that can be chosen. */
export const EMOJI_NAMES: readonly string[] = Object.keys(CHARACTERS).filter(
  (name) => name !== 'thinking_face',
)

/** What people see; an unknown name stays a name. */
export function emojiOf(name: string): string {
  return Object.hasOwn(CHARACTERS, name) ? (CHARACTERS[name] ?? name) : `:${name}:`
}
