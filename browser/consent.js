/** Returns true if the visitor asked not to be measured, by Do Not Track or Global Privacy Control. */
export const refused = () =>
  navigator.globalPrivacyControl === true || [navigator.doNotTrack, window.doNotTrack].includes("1");
