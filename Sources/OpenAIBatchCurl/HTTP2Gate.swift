// SPDX-License-Identifier: Apache-2.0
// Copyright the swift-openai-batch authors

internal import COpenAIBatchCurl

/// Which versions of libcurl can be trusted with HTTP/2.
///
/// Up to 8.6 it delivers cut responses as whole ones when several streams of a connection break (curl issues 10693,
/// 10715, 13151), and repeats uploads without their beginning (22563). 8.10.0 can hang in uploads (14892), and 8.16.0
/// fails when a response is paused (19334).
struct HTTP2Gate {
  /// As in `curl_version_info()`: 0x080700 is 8.7.0.
  let version: UInt32
  /// Whether libcurl was built with it.
  let isBuiltIn: Bool

  var isOpen: Bool {
    isBuiltIn && version >= 0x08_07_00 && version != 0x08_0A_00 && version != 0x08_10_00
  }
}
