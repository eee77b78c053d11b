// Press the demo app's button to leave, also where the page hides it because there is nothing left.
document.getElementById("leave").click()
