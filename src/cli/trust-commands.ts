/** What may be typed behind `holdfast trust`. */
import { resolve } from 'node:path'
import { Argument, Option, type Command } from 'commander'
import { EdgeError } from '#base/errors.ts'
import { command, examples, type Action } from './command.ts'
import type { Surroundings } from './terminal.ts'
import type { TrustOptions } from './trust.ts'

/** Adds the command. */
export function addTrustCommands(
  program: Command,
  action: Action,
  surroundings: Surroundings,
): void {
  command(program, 'trust', surroundings)
    .addArgument(new Argument('[what]', 'nothing, export or office').choices(['export', 'office']))
    .argument('[target]', 'the file, or the folder of the post office, that is written')
    .description(
      'show how devices learn to know our kits; write a file for one; write what a post office needs',
    )
    .option('--config <file>', 'the config file (default: config.json in the data folder)')
    .addOption(
      new Option('--for <kind>', 'what kind of file (default: pem)').choices([
        'apple',
        'android',
        'p12',
        'pem',
      ]),
    )
    .option(
      '--device <name>',
      "whose device it is: puts a certificate of its own into apple's and p12",
    )
    .option('--host <name...>', 'names and addresses by which nodes reach the post office')
    .addHelpText(
      'after',
      examples(
        'trust',
        'trust export relief.mobileconfig --for apple',
        'trust export amira.p12 --for p12 --device "Amira, phone"',
        'trust office /srv/nats --host hub.internal 192.168.1.10',
      ),
    )
    .action(
      action(async () => {
        const { trust, trustExport } = await import('./trust.ts')
        return async (options: TrustOptions, around, [what, target]) => {
          if (what === undefined) return trust(options, around)
          if (target === undefined) throw missing(what)
          if (what === 'export') return trustExport(resolve(target), options, around)
          const { trustOffice } = await import('./trust-office.ts')
          return trustOffice(resolve(target), options, around)
        }
      }),
    )
}

function missing(what: string): EdgeError {
  return new EdgeError('INPUT_INVALID', {
    field: what === 'export' ? 'file' : 'folder',
    found: 'nothing',
    wanted: 'where to write',
    do: 'See `holdfast trust --help`.',
  })
}
