/** The world in which people act, and somebody in it in front of a node. */
import type { UserId } from '#base/ids.ts'
import type { EdgeNode } from '#app/node.ts'
import type { Chance } from './chance.ts'
import type { Evidence } from './evidence.ts'
import type { Circles } from './circles.ts'
import type { FileBook } from './files.ts'
import type { Boot, Member } from './fleet.ts'
import type { Book } from './said.ts'
import type { Timeline } from './timeline.ts'
import type { Marks, Trace } from './trace.ts'
import type { Verdict } from './verdict.ts'

/** The world in which people act. */
export interface Society {
  readonly book: Book
  readonly files: FileBook
  readonly evidence: Evidence
  readonly timeline: Timeline
  readonly circles: Circles
  readonly verdict: Verdict
  readonly trace: Trace
  readonly marks: Marks
  /** What nobody has answered yet. */
  readonly asked: Set<Question>
}

/** Something asked of one life of a node. */
export interface Question {
  readonly member: Member
  readonly boot: Boot
  readonly what: string
}

/** One person in front of one running node. */
export interface Actor {
  readonly society: Society
  readonly member: Member
  readonly boot: Boot
  readonly node: EdgeNode
  readonly self: UserId
  readonly chance: Chance
}
