/**
 * Subjects: `<workspace>.<lane>.<node>.<epoch><number>`, for example `a.1.7.k3X-q1z`.
 *
 * The subject is the parcel's id: the stream keeps one message for each and refuses a second, so a parcel sent twice
 * is stored once, without a window of time. Every character is paid by the sender and by every receiver.
 * The epoch is chance, so that nobody can write the next subject before us, and a counter that runs again after a
 * restore meets nothing of its former life (research/nats.md 4a).
 *
 * Pieces of files lie in a stream of their own, `<workspace>-f.<file>.<node>.<epoch><lane><number>`, to which nobody listens: whoever
 * wants a file asks for what lies under its token.
 */
import { assert } from '#base/assert.ts'
import type { Parcel } from '#ports/carrier.ts'
import { laneFromNumber, laneNumber, type Lane } from '#model/precedence.ts'
import type { NatsAddress } from './nats-options.ts'

/** Stops the node when the address cannot stand in a subject. */
export function assertAddress({ workspace, nodeNumber, epoch }: NatsAddress): void {
  assert(/^[A-Za-z0-9]{1,3}$/.test(workspace), 'a NATS workspace is 1 to 3 letters or digits')
  assert(Number.isSafeInteger(nodeNumber) && nodeNumber >= 0, 'a node number is a whole number')
  assert(/^[\w-]{4,8}$/.test(epoch), 'a NATS epoch is 4 to 8 characters of base64url')
}

/** Where one parcel stands that is no piece of a file. */
export function subjectOf(address: NatsAddress, lane: Lane, number: number): string {
  const { workspace, epoch } = address
  return `${workspace}.${laneNumber(lane)}.${nodeToken(address)}.${epoch}${number.toString(36)}`
}

/** The stream that takes a parcel, and where it stands there. */
export function standOf(
  address: NatsAddress,
  { file, lane, number }: Pick<Parcel, 'file' | 'lane' | 'number'>,
): { readonly stream: string; readonly subject: string } {
  const { workspace, epoch } = address
  if (file === undefined) return { stream: workspace, subject: subjectOf(address, lane, number) }
  const stream = fileStream(workspace)
  const parcel = `${epoch}${laneNumber(lane)}${number.toString(36)}`
  return { stream, subject: `${stream}.${fileToken(file)}.${nodeToken(address)}.${parcel}` }
}

/** The stream for pieces of files. */
export function fileStream(workspace: string): string {
  return `${workspace}-f`
}

/** A file in subjects: the first 4 bytes of its name on the way, as 6 characters of base64url. Two files with the same one do no harm. */
export function fileToken(file: string): string {
  assert(/^[0-9a-f]{16}$/.test(file), 'a file is named by 16 hexadecimal digits')
  return Buffer.from(file, 'hex').toString('base64url', 0, 4)
}

/** The node's own token in subjects. */
export function nodeToken({ nodeNumber }: Pick<NatsAddress, 'nodeNumber'>): string {
  return nodeNumber.toString(36)
}

/**
 * Whether this node wrote under `subject` in this life of its store. What a former life wrote is taken in like
 * anybody's: a node restored from a backup may have lost it.
 */
export function isOwnSubject(address: NatsAddress, subject: string): boolean {
  const [, , node, parcel] = subject.split('.')
  return node === nodeToken(address) && parcel?.startsWith(address.epoch) === true
}

/** The lane that a subject names, or undefined. */
export function laneOfSubject(subject: string): Lane | undefined {
  return laneFromNumber(Number(subject.split('.')[1]))
}

/** Everything in the workspace, as a filter. */
export function everySubject(workspace: string): string {
  return `${workspace}.*.*.*`
}

/** All pieces of files in the workspace, as a filter. */
export function everyPiece(workspace: string): string {
  return everySubject(fileStream(workspace))
}

/** All pieces under one token, as a filter. */
export function piecesOf(workspace: string, token: string): string {
  return `${fileStream(workspace)}.${token}.*.*`
}

/** One lane of the workspace, as a filter. */
export function laneSubjects(workspace: string, lane: Lane): string {
  return `${workspace}.${laneNumber(lane)}.*.*`
}
