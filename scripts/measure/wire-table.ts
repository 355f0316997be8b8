/** Forms of the same posts beside each other, for people to read. */
import { table } from '#cli/terminal.ts'
import type { Form } from './wire-others.ts'

const NONE = '-'

/** Bytes a post, alone and in tens, and how many times as many as the first form's. */
export function tableOf(forms: readonly Form[]): readonly string[] {
  const [first] = forms
  return table([
    ['bytes a post', 'alone', 'in tens', 'times', 'times'],
    ...forms.map(({ name, single, ten }) => [
      name.replaceAll('_', ' '),
      String(single ?? NONE),
      String(ten ?? NONE),
      times(single, first?.single),
      times(ten, first?.ten),
    ]),
  ])
}

/** What is wanted of this run and what came out, by the names of its figures; of times and memory as they are. */
export function wantedTable(figures: Readonly<Record<string, number>>): readonly string[] {
  const rows = Object.entries(WANTED).flatMap(([name, wanted]) => {
    const found = figures[name]
    return found === undefined ? [] : [[name, String(found), wanted]]
  })
  return table([['figure', 'here', 'wanted'], ...rows])
}

const AS_IT_IS = '-'
/** The figures that people look for first, and what they are to be, for English messages of 91 bytes. */
const WANTED: Readonly<Record<string, string>> = {
  single_b: '135 or less',
  ten_b: '50 or less',
  single_trained_b: '112 or less',
  ten_trained_b: '40 or less',
  burst340_posts: '6 or more',
  reaction_b: '8 or less',
  tick_b: AS_IT_IS,
  receipt_b: '12 or less',
  nats_ack_b: '598 or less',
  nats_burst_b: '422 or less',
  nats_connect_b: '3900 or less',
  nats_idle_b: '0',
  languages: AS_IT_IS,
  languages_trained_near: 'all languages',
  languages_far: '0',
  sentences_trained_char_ratio: '1.3 or less',
  originals_trained_char_ratio: '1.3 or less',
  encode_vs_deflate_ratio: AS_IT_IS,
  decode_vs_inflate_ratio: AS_IT_IS,
  encode_thin_vs_deflate_ratio: AS_IT_IS,
  decode_thin_vs_inflate_ratio: AS_IT_IS,
  codec_rss_mb: AS_IT_IS,
  codec_thin_rss_mb: AS_IT_IS,
}

function times(bytes: number | undefined, beside: number | undefined): string {
  if (bytes === undefined || beside === undefined) return NONE
  return (bytes / beside).toFixed(2)
}
