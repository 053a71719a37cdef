// SPDX-License-Identifier: Apache-2.0
// Copyright the swift-openai-batch authors

/// One entry of a batch's `errors`: why its input file, or the batch as a whole, was refused.
struct BatchInputError: Error, Sendable, Hashable {
  let code: String
  let message: String
  var param: String?
  /// Counted from 1; `nil` when the file as a whole is meant.
  var line: Int?

  var json: JSONNode {
    [
      "code": .string(code), "line": .optional(line), "message": .string(message), "param": .optional(param),
    ]
  }
}
