/**
 * Which life of its store a node is in, and the salt of this start. A life is 4 bytes of the actor under which a node
 * writes: in an old life put back from a copy it would use numbers again that others have seen since.
 *
 * `keys/life` therefore says, beside the life, where it was written: the file system's marks of `store/` and of the
 * file itself, and the machine. It is written anew at every start, so that no tool that puts a folder back takes it for
 * unchanged and leaves it alone; whatever puts back another makes another file. What this cannot see is a whole disk
 * put back block by block: `#sync/rebirth.ts` notices when others know more.
 */
import { bytesFromHex, hexFromBytes } from '#base/bytes.ts'
import { sha256 } from '#base/hash.ts'
import { damaged } from './data-folder.ts'
import { layoutOf } from './layout.ts'
import { destroyFile, hasMark, markOf, readText, SECRET_MODE, writeFileWhole } from './files.ts'

/** One start of the node. */
export interface Start {
  /** 4 bytes: the life of the store. */
  readonly life: Uint8Array
  /** 4 bytes, fresh at every start. */
  readonly salt: Uint8Array
  /** Why the life is a new one, or that it is the same. */
  readonly reason: 'same' | 'first' | 'restored'
}

/** Where a machine that has an identity keeps it. */
const MACHINE_FILE = '/etc/machine-id'
const LIFE_BYTES = 4

/**
 * Begins a start, before anything is written to the store, which must be there. A store that was made just now
 * (`isNewStore`) begins a new life, whatever the folder says of an earlier one.
 * @throws EdgeError STORE_BROKEN when the file is damaged
 */
export async function beginStart(
  path: string,
  chance: { readonly isNewStore: boolean; readonly bytes: (length: number) => Uint8Array },
): Promise<Start> {
  const { life: file, store } = layoutOf(path)
  const machine = await machineName()
  const noted = await readNote(file)
  const isSame =
    noted !== undefined &&
    (await hasMark(store, noted.store)) &&
    (await hasMark(file, noted.own)) &&
    noted.machine === machine
  const isKept = isSame && !chance.isNewStore
  const life = isKept ? noted.life : chance.bytes(LIFE_BYTES)
  const salt = chance.bytes(LIFE_BYTES)
  const place = (await markOf(store)) ?? '0:0'
  await writeFileWhole(
    file,
    (own) => `${hexFromBytes(life)} ${hexFromBytes(salt)} ${place} ${own} ${machine}\n`,
    SECRET_MODE,
  )
  const isFirst = noted === undefined || chance.isNewStore
  return { life, salt, reason: isKept ? 'same' : isFirst ? 'first' : 'restored' }
}

/** Ends the life: the next start begins another. */
export async function endLife(path: string): Promise<void> {
  await destroyFile(layoutOf(path).life)
}

interface Note {
  readonly life: Uint8Array
  readonly store: string
  readonly own: string
  readonly machine: string
}

async function readNote(file: string): Promise<Note | undefined> {
  const text = await readText(file)
  if (text === undefined) return undefined
  const parts = /^([0-9a-f]{8}) [0-9a-f]{8} (\d+:\d+) (\d+:\d+) ([0-9a-f]{16})\n$/.exec(text)
  if (parts === null) throw damaged(file, 'life, salt, three marks of the place')
  const [, life = '', store = '', own = '', machine = ''] = parts
  return { life: bytesFromHex(life), store, own, machine }
}

/** Never the machine's identity itself, which others may use as a secret. */
async function machineName(): Promise<string> {
  const text = (await readText(MACHINE_FILE)) ?? ''
  const name = Buffer.from(`holdfast machine ${text.trim()}`, 'utf8')
  return hexFromBytes(sha256(name)).slice(0, 16)
}
