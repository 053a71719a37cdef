// SPDX-License-Identifier: Apache-2.0
// Copyright the swift-openai-batch authors

/// One sound row of a file of request lines.
package struct RequestRow: Sendable {
  /// The line, counted from 1.
  package let line: Int
  /// Its bytes in the file, the line end included.
  package let range: Range<Int64>
  /// The endpoint that it names.
  package let endpoint: String
  /// The model that it names.
  package let model: String
  /// Which of the file's pairs of endpoint and model it has, counted from 0 in the order in which they appear.
  package let group: Int
  /// How many inputs it has, if it is for embeddings; else 0.
  package let embeddingInputs: Int
}
