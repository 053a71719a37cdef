// SPDX-License-Identifier: Apache-2.0
// Copyright the swift-openai-batch authors

internal import OpenAIBatchJSON

extension BatchResult where Value == BatchResponse {
  /// A result line in the service's shape for a row that came back in neither file, without a line feed.
  package static func missingLine(customID: String) -> [UInt8] {
    // A text always has a JSON form.
    let name = (try? JSONText.encode(customID)) ?? Array("null".utf8)
    let rest =
      #","response":null,"error":{"code":"missing","#
      + #""message":"The row came back in neither the output nor the error file."}}"#
    return Array(#"{"id":null,"custom_id":"#.utf8) + name + Array(rest.utf8)
  }
}
