/** Precedence in a word and a colour: never in a colour alone. */
import type { VNode } from 'preact'
import { say } from '#web/words/words.ts'
import type { Lane } from '#model/precedence.ts'
import { Icon } from './icons.tsx'

/** The mark; nothing for what is routine. */
export function LaneMark({ lane }: { readonly lane: Lane }): VNode | null {
  if (lane === 'routine') return null
  return (
    <span class="lane" data-lane={lane}>
      {lane === 'flash' && <Icon name="bolt" />}
      {say(`lane.${lane}`)}
    </span>
  )
}
