/** What a node does by its config and its role: how long keys live, and whether name and role are as it was made. */
import type { EdgeNodeOptions } from '#app/edge-node-options.ts'
import type { Opening } from '#app/audit-types.ts'
import { bytesFromText } from '#base/bytes.ts'
import type { ChannelId } from '#base/ids.ts'
import { sha256 } from '#base/hash.ts'
import { invalid } from '#config/load.ts'
import type { Config } from '#config/schema.ts'
import { encodeVault, type Way } from '#storage/vault-format.ts'
import type { EpochPolicy } from '#sync/rotation.ts'
import type { Identity, NodeRole } from '#trust/identity.ts'
import type { StoreKey } from './unlocking.ts'

const DAY_MS = 24 * 3_600_000

/** A kit may be taken and burns what it can; headquarters keeps what others may still need to be given. */
export function epochPolicyOf(config: Config | undefined, role: NodeRole): EpochPolicy {
  if (config === undefined) return { rotateAfterMs: undefined, burnAfterMs: undefined }
  const { rotateAfterDays, burnAfterDays = role === 'hub' ? undefined : 14 } = config.keys
  return {
    rotateAfterMs: rotateAfterDays * DAY_MS,
    burnAfterMs: burnAfterDays && burnAfterDays * DAY_MS,
  }
}

/** How a node treats its lanes, its disk and what was read; without a config nothing is overdue, counted or too little. */
export function rulesOf(
  config: Config | undefined,
): Pick<EdgeNodeOptions, 'overdueAfterMs' | 'allowance' | 'room' | 'tellsRead' | 'training'> {
  if (config === undefined) return {}
  const { flash, immediate, priority, routine, allowanceMs } = config.lanes
  const { trainAfterDays } = config.compression
  return {
    training: { everyMs: trainAfterDays === 0 ? undefined : trainAfterDays * DAY_MS },
    room: config.disk,
    tellsRead: tellsReadOf(config),
    overdueAfterMs: {
      flash: flash.overdueAfterMs,
      immediate: immediate.overdueAfterMs,
      priority: priority.overdueAfterMs,
      routine: routine.overdueAfterMs,
    },
    allowance: {
      flash: flash.messagesMax,
      immediate: immediate.messagesMax,
      withinMs: allowanceMs,
    },
  }
}

/** In which channels other nodes are told what was read here. */
export function tellsReadOf({
  readReceipts,
}: Pick<Config, 'readReceipts'>): (channel: ChannelId) => boolean {
  const { send, exceptChannels } = readReceipts
  const except = new Set<string>(exceptChannels)
  return (channel) => send !== except.has(channel)
}

const OPENED_BY: Readonly<Record<Way, Opening['by']>> = {
  keyFile: 'key file',
  passphrase: 'passphrase',
  release: 'release',
}

/** What the audit is told when a node starts. Another passphrase is another vault, and so another policy. */
export function openingOf(
  config: Config,
  { key, wrongTries }: { readonly key: StoreKey; readonly wrongTries: number },
): Opening {
  const policy = sha256(bytesFromText(JSON.stringify(config)), encodeVault(key.vault))
  return { by: OPENED_BY[key.by], wrongTries, policy }
}

/** Name and role are in the certificate; a config that says otherwise is wrong. @throws EdgeError CONFIG_INVALID */
export function checkFixedKeys(
  config: Config,
  { certificate }: Pick<Identity, 'certificate'>,
): void {
  const lines = (['name', 'role'] as const).flatMap((key) =>
    config[key] === undefined || config[key] === certificate[key]
      ? []
      : [`${key}: found "${config[key]}", wanted "${certificate[key]}", as this node was made`],
  )
  if (lines.length > 0) throw invalid(undefined, lines)
}

/** By what names people reach this node and no other: `holdfast.local` is whichever is nearest. */
export function namesOf({ listen }: Config, { certificate }: Identity): readonly string[] {
  return [`${certificate.name}.local`, `${certificate.name}.holdfast.local`, ...listen.names]
}
