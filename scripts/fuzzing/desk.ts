/** What the main thread and a worker share: an order, and memory with the input that is being taken. */
import type { FuzzOptions } from './run.ts'

/** What a worker is told to do. */
export interface Order extends Omit<FuzzOptions, 'note'> {
  readonly target: string
}

/** Memory both threads see: the number of the present input, its length, then its bytes. */
export interface Desk {
  readonly memory: SharedArrayBuffer
}

/** Bytes before the input. */
export const DESK_HEAD_BYTES = 8
