/** The commands that enrol people, write and read messages. */
import { Option, type Command } from 'commander'
import { LANES } from '#model/precedence.ts'
import { command, examples, type Action } from './command.ts'
import type { PostOptions } from './post.ts'
import type { ReadOptions } from './read.ts'
import type { CommonOptions, Surroundings } from './terminal.ts'

/** The commands that enrol people, write and read messages. */
export function addTalkCommands(
  program: Command,
  action: Action,
  surroundings: Surroundings,
): void {
  command(program, 'enrol', surroundings)
    .argument('<username>', 'lower-case letters, digits, dot, dash and underscore, a letter first')
    .argument('[name...]', 'what others see')
    .description('make an account for one more person on the running node')
    .addHelpText('after', examples('enrol amira', 'enrol bo Bo Lind'))
    .action(
      action(async () => {
        const { enrol } = await import('./enrol.ts')
        return (options: CommonOptions, around, [username = '', ...displayName]) =>
          enrol({ username, displayName }, options, around)
      }),
    )
  command(program, 'post', surroundings)
    .argument('<channel>', 'name of the channel')
    .argument('<text...>', 'the message')
    .description('write a message on the running node, as its first administrator')
    .addOption(new Option('--lane <lane>', 'how urgent it is').choices(LANES).default('routine'))
    .option('--override <reason>', 'why it cannot wait, when you have sent as many as you may')
    .option('--reply <id>', 'id of the message that this answers')
    .addHelpText(
      'after',
      examples('post town-square "Water is here"', 'post ops "Fire" --lane flash'),
    )
    .action(
      action(async () => {
        const { post } = await import('./post.ts')
        return (options: PostOptions, around, [channel = '', ...text]) =>
          post({ channel, words: text }, options, around)
      }),
    )
  command(program, 'read', surroundings)
    .argument('[channel]', 'name of the channel', 'town-square')
    .description('show the newest messages, and where each stands on its way to the other nodes')
    .option('--limit <number>', 'how many', '20')
    .addHelpText('after', examples('read', 'read ops --limit 100 --json'))
    .action(
      action(async () => {
        const { read } = await import('./read.ts')
        return (options: ReadOptions, around, [channel = '']) => read(channel, options, around)
      }),
    )
}
