/** Golden vectors of a file of audits: two pieces of a kit's, and one of the hub's that made the file. */
import { hexFromBytes } from '#base/bytes.ts'
import { aFile, aList, bravo, headquarters, NOON } from '../support/audits.ts'
import type { Vectors } from './make.ts'

/** Everything in `audit.json`. */
export function auditVectors(): Vectors {
  const first = aList(bravo, ['audit begun', 'signed in', 'signed out'], { signAt: [2] })
  const second = aList(bravo, ['audit continued', 'member added'], {
    piece: 1,
    previous: first.head,
  })
  const ours = aList(headquarters, ['audit begun', 'audit exported'])
  const lists = [ours, first, second]
  return {
    exportedAt: NOON + 3_600_000,
    exporter: headquarters.certificate.node,
    certificates: [headquarters, bravo].map(({ certificate }) => certificate.node),
    lists: lists
      .map(({ list, head }) => ({
        document: list.document,
        actor: list.actor,
        entries: list.values.map(hexFromBytes),
        signed: list.signatures.map(({ seq }) => seq),
        head,
      }))
      .toSorted((one, other) => (one.document < other.document ? -1 : 1)),
    bytes: hexFromBytes(aFile(lists.map(({ list }) => list))),
  }
}
