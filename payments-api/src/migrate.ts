import { ConfigError, readMigrateConfig } from './config.ts'
import { migrate } from './sql/migrate.ts'

try {
  const { databaseUrl } = readMigrateConfig(process.env)
  const names = await migrate(databaseUrl)
  process.stdout.write(names.length > 0 ? `migrated: ${names.join(', ')}\n` : 'the schema is up to date\n')
}
catch (error) {
  // Other errors come from the database or the network: print their message without the class name.
  process.stderr.write(`payments-api migrate: ${error instanceof ConfigError || !(error instanceof Error)
    ? String(error)
    : error.message || error.name}\n`)
  process.exit(1)
}
