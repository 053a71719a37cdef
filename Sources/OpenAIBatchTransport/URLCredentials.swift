// SPDX-License-Identifier: Apache-2.0
// Copyright the swift-openai-batch authors

extension String {
  /// A URL with `<redacted>` in the place of its user information, however badly it is formed.
  package var redactingCredentials: String {
    guard let at = lastIndex(of: "@") else { return self }
    let start = firstRange(of: "://")?.upperBound ?? startIndex
    return start <= at ? "\(self[..<start])<redacted>\(self[at...])" : "<redacted>"
  }
}
