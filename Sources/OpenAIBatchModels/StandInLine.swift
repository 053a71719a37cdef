// SPDX-License-Identifier: Apache-2.0
// Copyright the swift-openai-batch authors

internal import OpenAIBatchJSON

extension BatchResult where Value == BatchResponse {
  /// A line in the service's shape for a row of which no line came back, without a line feed.
  package var standInLine: [UInt8] {
    guard case .failure(let failure) = outcome else { return [] }
    var line = Array(#"{"id":null,"custom_id":"#.utf8)
    line += JSONText.literal(customID)
    line += #","response":null,"error":{"code":"#.utf8
    line += JSONText.literal(failure.kind.rawValue)
    line += #","message":"#.utf8
    line += JSONText.literal(failure.message)
    line += "}}".utf8
    return line
  }
}
