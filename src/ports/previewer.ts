/** Looking at files to show others what they are. */
import type { Preview } from '#model/preview.ts'

/** What a file looks like. */
export interface Look {
  readonly preview: Preview
  /** A picture of it in WebP, small enough to be fetched in place of the whole over a thin link. */
  readonly small?: Uint8Array
}

/** A file that is to be looked at. */
export interface LookedAt {
  readonly bytes: number
  readonly read: (span?: {
    readonly from: number
    readonly to: number
  }) => Promise<AsyncIterable<Uint8Array> | undefined>
}

/** Files may be made to break what reads them: an adapter does it where it can be ended. */
export interface Previewer {
  /** Undefined when there is nothing to show, for whatever reason. Never throws. */
  readonly look: (file: LookedAt) => Promise<Look | undefined>
}
