// SPDX-License-Identifier: Apache-2.0
// Copyright the swift-openai-batch authors

/// Waits for what no event tells: for a minute at most, and as long as the task is not cancelled.
package func waitUntil(_ isSo: () throws -> Bool) async throws {
  let end = ContinuousClock.now.advanced(by: .seconds(60))
  while try !isSo() {
    try Task.checkCancellation()
    guard .now < end else { throw Violation(description: "What a minute was waited for did not come.") }
    await Task.yield()
  }
}
