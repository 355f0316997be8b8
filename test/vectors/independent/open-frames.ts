/** Opens frames.json. */
import { hex, must } from './bytes.ts'
import { checkOf, readFrame, type FrameItem } from './frame.ts'
import { vectors, type Openers } from './ledger.ts'

const { envelope } = vectors<{ readonly envelope: string }>('frames.json')

export const FRAME_OPENERS: Openers = {
  envelope: 'given',
  'frames.*': ({ name, bytes }: { readonly name: string; readonly bytes: string }) => {
    const says = readFrame(hex(bytes))
    for (const item of says.items) checkItem(item)
    return { name, says, bytes }
  },
}

/** A piece is of the envelope, at its place. */
function checkItem(item: FrameItem): void {
  if (item.kind === 'whole') return
  const from = item.kind === 'first' ? 0 : item.offset
  must(envelope.startsWith(item.bytes, 2 * from), 'a piece of another envelope')
  if (item.kind === 'first')
    must(item.total * 2 === envelope.length && item.check === checkOf(hex(envelope)), 'no check')
}
