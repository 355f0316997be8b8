/** On what terms a carrier is used, by its config: its link profile and its budget. */
import { readLink } from '#config/links.ts'
import type { CarrierConfig, Config } from '#config/schema.ts'
import type { Budget, Dialling, Terms } from '#tariff/terms.ts'

const HOUR_MS = 3_600_000
const MINUTE_MS = 60_000
const MILLION = 1_000_000

/** The terms; undefined for a carrier that costs nothing. @throws EdgeError CONFIG_INVALID */
export async function termsOf(
  config: CarrierConfig,
  folder: Config['linkFolder'],
): Promise<Terms | undefined> {
  const { link, budget } = config
  if (link === undefined) return undefined
  const profile = await readLink(folder, link)
  return { link, profile, budget: budget && budgetOf(budget), dialling: diallingOf(config) }
}

function budgetOf(budget: NonNullable<CarrierConfig['budget']>): Budget {
  const { window, passHours, bytesMax, minutesMax, moneyMax } = budget
  const { flashReservePercent, alarmPercents } = budget
  return {
    window: window === 'pass' ? { kind: window, ms: passHours * HOUR_MS } : { kind: window },
    bytesMax,
    msMax: minutesMax === undefined ? undefined : minutesMax * MINUTE_MS,
    microsMax: moneyMax === undefined ? undefined : Math.floor(moneyMax * MILLION),
    flashReservePercent,
    alarmPercents,
  }
}

function diallingOf(config: CarrierConfig): Dialling | undefined {
  if (config.kind !== 'nats') return undefined
  const { dialAt, gatherMsMax } = config
  const atMinutes = dialAt.map((at) => Number(at.slice(0, 2)) * 60 + Number(at.slice(3)))
  return { atMinutes, gatherMsMax }
}
