import { ConfigError, readMigrateConfig } from './config.ts'
import { migrate } from './sql/migrate.ts'

try {
  const { databaseUrl } = readMigrateConfig(process.env)
  const names = await migrate(databaseUrl)
  process.stdout.write(names.length > 0 ? `migrated: ${names.join(', ')}\n` : 'the schema is up to date\n')
}
catch (error) {
  // A ConfigError says all; of any other the message is what the database or the network answered.
  process.stderr.write(`payments-api migrate: ${error instanceof ConfigError || !(error instanceof Error)
    ? String(error)
    : error.message || error.name}\n`)
  process.exit(1)
}
