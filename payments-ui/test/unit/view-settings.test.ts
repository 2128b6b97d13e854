import { expect, it } from 'vitest'
import { viewSettingsOf } from '../../app/utils/view-settings'

const DEFAULTS = { zone: 'local', times: 'relative', density: 'comfortable' }

it('reads the settings from a cookie, with the default for what it lacks or nobody knows', () => {
  expect(viewSettingsOf({ zone: 'utc', times: 'exact', density: 'compact' })).toEqual({ zone: 'utc', times: 'exact', density: 'compact' })
  expect(viewSettingsOf({ zone: 'utc', times: 'toString', density: 7 })).toEqual({ ...DEFAULTS, zone: 'utc' })
  for (const broken of [undefined, null, 'utc', 7, []])
    expect(viewSettingsOf(broken)).toEqual(DEFAULTS)
})
